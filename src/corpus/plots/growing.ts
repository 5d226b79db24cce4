import { maybe, type Plot, some } from '../plot.js'

export const garden: Plot = {
  name: 'garden',
  traits: 'patient|busy|curious|helpful|dreamy',
  cast: { helper: 'grand|parent|neighbor|friend' },
  foods: { crop: 'crop' },
  rows: {
    trouble: [
      'the sun was so hot that the earth cracked / carried water in a can, twice a day / dry earth',
      'hungry snails came at night / carried the snails to the other side of the fence / snails',
      'weeds grew everywhere / pulled out the weeds, one by one / weeds',
      'a crow wanted to pick everything up / made a scarecrow with an old hat / a crow',
      'a strong wind bent the stems / tied the stems to small sticks / the wind',
      'a rabbit came to nibble at the leaves / built a little fence of twigs / a rabbit',
      'there was frost one night / covered everything with an old blanket / frost',
      'a mole dug a hole right beside them / filled the hole with earth and stones / a mole',
      'tiny bugs sat on the leaves / put ladybugs on the leaves to eat the bugs / bugs',
    ],
  },
  want: 'crop',
  beats: [
    `- [Day], [helper] gave [hero] some tiny seeds. "What will they be?" asked [hero]. "[Crop]," said [helper].
     - [Day], [hero] found a bag of seeds. On the bag was a picture of [crop].
     - [Day], [hero] wanted to have a garden. "Let us grow [crop]," said [helper].
     - [Day], [hero] saw that [helper] was working in the garden. "Can I plant something, too?" asked [hero]. "You can plant [crop]," said [helper].
     - It was spring. [Hero] wanted to grow [crop] all by [hero.himself].`,
    `- [Hero] dug little holes, put a seed into each of them and covered them with earth.
     - [Hero] made the earth soft with a rake. Then [hero.he] put the seeds into the ground.
     - [Helper] showed [hero] how to do it: not too deep, and not too close together.
     - One by one, the seeds went into the dark earth. [Hero] gave them some water.`,
    `- Every day [hero] looked at the place. Nothing happened. "Why does it take so long?" [hero.he] asked.
     - The next morning [hero] ran outside, but there was nothing to see. "They do not grow!" [hero.he] cried.
     - [Hero] waited for one day, two days, three days. There was only brown earth.
     - "Grow, grow, grow!" said [hero] to the ground. But the seeds took their time.`,
    `- "You must be patient," said [helper]. "Good things need time." So [hero] watered them and waited.
     - "The seeds are sleeping now," said [helper]. "They need water and sun." [Hero] took good care of them.
     - [Helper] smiled. "You cannot see it, but under the ground they are growing already."
     - So [hero] learned to wait. [Hero.He] watered the earth every morning and sang to the seeds.`,
    `- Then, one morning, there was something green! The first little leaves had come out.
     - After two weeks, tiny green tips came out of the earth. [Hero] danced for joy.
     - And one day, [hero] saw a little green leaf, and then another one. "They are here!" [hero.he] shouted.
     - At last, small green plants looked out of the ground.`,
    `- But then [trouble]. [Hero] [trouble.b].
     - There was one more problem: [trouble]. So [hero] [trouble.b].
     - Soon after that, [trouble]. "I must help my plants," said [hero]. [Hero.He] [trouble.b].
     - One day, [trouble]. [Hero] was $worried. With the help of [helper], [hero.he] [trouble.b].`,
    `- The plants grew higher and higher. In summer, there were the most beautiful [crop] that [hero] had ever seen.
     - The weeks went by, and the garden was full of [crop].
     - When summer came, [hero] could be proud: there were big, bright [crop] everywhere.
     - $finally, the [crop] were there. [Hero] counted them every day.`,
    maybe(
      0.7,
      `- [Hero] brought a basket of [crop] to [helper]. "You did that very well," said [helper].
     - [Hero] gave some [crop] to all the neighbors.
     - $everyone came to look at the garden. "Did you do that all alone?" they asked. "The sun and the rain helped me," said [hero].
     - [Hero] kept some seeds for the next year.`,
    ),
  ],
  moral:
    'good things need time|it is worth being patient|one must take care of what one loves|big things begin very small',
  feelings: 'proud|happy|content|rich',
  questions: `
    What did [hero.full] grow? = [Hero.full] grew [crop].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    What made trouble in the garden? = It was [trouble.c].
    What did [hero.full] do against it? = [Hero.full] [trouble.b].`,
}

const SKILLS = [
  'ride a bike / riding a bike / rode all the way down the street / fell off the bike / Look ahead, not at your feet',
  'swim / swimming / swam to the other side / swallowed a lot of water / Kick with your legs like a frog',
  'whistle / whistling / whistled a whole song / blew and blew, but there was only air / Make your lips round and blow softly',
  'tie a bow / tying a bow / made a perfect bow / made a knot that nobody could open / Make two ears like those of a rabbit',
  'skate on the ice / skating / glided over the ice / landed on the cold ice / Bend your knees and take small steps',
  'fly a kite / flying a kite / made the kite dance in the clouds / saw the kite fall on its nose / Run against the wind and let the string go slowly',
  'read / reading / read a whole page / mixed up the letters / Look at one letter after the other',
  'juggle / juggling / kept three balls in the air / dropped the balls on the floor / Begin with one ball, and then take two',
  'climb a rope / climbing / climbed to the very top / slid back to the ground / Hold the rope with your feet, too',
  'jump rope / jumping rope / jumped a hundred times / got caught in the rope / Listen to the rope and jump when it hits the ground',
  'write a name / writing / wrote every letter of the name / broke the pencil / Hold the pencil as if it were a little bird',
  'stand on one hand / standing on one hand / stood on one hand for a moment / fell over like a tree / Put your hand flat on the ground',
  'play the flute / playing the flute / played a little song / made a terrible squeak / Blow as softly as you can',
  'bake bread / baking bread / took a perfect loaf out of the oven / made bread as hard as a stone / Give the dough time to rest',
  'row a boat / rowing a boat / rowed straight over the lake / went around in circles / Pull with both arms at the same time',
  'knit / knitting / made a whole scarf / lost the thread / Count your stitches',
  'catch a ball / catching a ball / caught ten balls in a row / missed the ball / Keep your eyes on the ball',
  'count to a hundred / counting / counted to a hundred without a mistake / forgot what came after twenty-nine / Say it in little steps of ten',
  'do a somersault / doing somersaults / rolled over like a ball / fell to the side / Put your chin on your chest',
  'dive / diving / brought up a stone from the bottom / came up again too soon / Take a deep breath first',
]

export const skill: Plot = {
  name: 'skill',
  hero: 'child',
  cast: { helper: 'parent|grand|older|friend|teacher|neighbor' },
  rows: { skill: SKILLS },
  want: 'skill',
  beats: [
    `- [Day], [hero] saw how [helper] could [skill]. "I want to do that, too!" [hero.he] said.
     - There was one thing that [hero] wanted to learn more than anything: [hero.he] wanted to [skill].
     - [Day], [hero] wanted to learn how to [skill].
     - "All the others can [skill], only I cannot," said [hero] [lately].
     - [Day], [hero] watched some children. They could all [skill]. [Hero] wished that [hero.he] could do it, too.`,
    `- "It is not hard," [hero] thought. But the first time, [hero.he] [skill.d].
     - [Hero] tried it at once. But [hero.he] [skill.d].
     - [Hero.He] tried once and tried again. Each time [hero.he] [skill.d].
     - But it was harder than it looked. [Hero] [skill.d].
     - The first try went wrong. [Hero] [skill.d], and somebody laughed.`,
    `- "I will never learn it!" cried [hero] and wanted to give up.
     - [Hero] was angry and stamped on the ground. "This is stupid!" [hero.he] said.
     - [Hero] was $sad. "Maybe I am too small," [hero.he] said.
     - "I cannot do it," said [hero]. "You cannot do it yet," said [helper].
     - [Hero] sat down and did not want to try anymore.`,
    `- [Helper] sat down beside [hero]. "I will show you," said [helper]. "[Skill.e]."
     - "Nobody can do it the first time," said [helper]. "[Skill.e]."
     - [Helper] had a tip. "[Skill.e]," [helper.he] said, "and don't be afraid."
     - "Do you know how many times I tried?" asked [helper]. "A thousand times! [Skill.e]."
     - [Helper] saw it and came to help. "[Skill.e]," said [helper]. "And now once more!"`,
    `- [Hero] tried it like that. It was a little better already.
     - So they practiced every day after lunch. Day by day, it went better.
     - [Hero] practiced [skill.b] in the morning, at noon and in the evening.
     - It took a long time. But [hero] did not stop [skill.b].
     - Again [hero] [skill.d]. But [hero.he] got up and went on.`,
    maybe(
      0.5,
      `- On Monday it did not work, on Tuesday it almost worked, and on Wednesday it worked for a second.
     - "Once more," said [hero] every time. "Just once more."
     - [Helper] never lost patience.
     - At night, [hero] even dreamed of it.`,
    ),
    `- And then, all at once, it worked! [Hero] [skill.c].
     - One day it happened. [Hero] [skill.c]. "I can do it!" [hero.he] shouted.
     - $finally, [hero] [skill.c]. [Helper] clapped.
     - "Look at me!" cried [hero]. And really, [hero.he] [skill.c].
     - Then came the great moment: [hero] [skill.c]!`,
    maybe(
      0.6,
      `- "I knew that you could do it," said [helper].
     - The whole family came to see it.
     - The next day, [hero] began to teach it to a friend.
     - [Hero] could not stop [skill.b] until it was dark.
     - "What shall I learn next?" asked [hero].`,
    ),
  ],
  lets: { lately: 'one day|at dinner|one evening|on the way home|one morning' },
  moral:
    'one has to practice to learn something|nobody can do everything the first time|it is worth trying again and again|one should never give up',
  feelings: 'proud|happy|strong|great',
  questions: `
    What did [hero.full] want to learn? = [Hero.full] wanted to learn how to [skill].
    Who helped [hero.full]? = [Helper.full] helped [hero.full].
    What happened in the end? = [Hero.full] [skill.c].`,
}

export const teaching: Plot = {
  name: 'teaching',
  hero: 'child',
  traits: 'clever|patient|quick|proud|helpful',
  cast: { small: 'younger' },
  rows: { skill: SKILLS },
  want: 'skill',
  beats: [
    `- [Hero] could [skill] very well. [Small] always watched with big eyes.
     - [Day], [small] said to [hero], "Please teach me how to [skill]!"
     - [Hero] was good at [skill.b]. [Small] wanted to learn it, too.
     - [Day], [small] came to [hero]. "You can [skill]. Can you show me?"`,
    `- "You are too little," said [hero]. [Small] looked so sad that [hero] felt sorry. "All right, I will show you."
     - "That is easy," said [hero]. "Just do what I do."
     - [Hero] was proud to be the teacher. "Look at me first," [hero.he] said.
     - "$yes," said [hero]. "Let us begin right now."`,
    `- But [small] [skill.d]. [Hero] had to laugh, and [small] $cried.
     - [Small] tried it, but [small.he] [skill.d]. "No, no, not like that!" shouted [hero].
     - It did not go well. First [small] [skill.d], and then [small.he] [skill.d] again. [Hero] lost patience. "You are doing it all wrong!"
     - At first, [small] [skill.d]. "That was very bad," said [hero].`,
    `- "You are mean," said [small] and ran away. [Hero] was left alone.
     - [Small] sat down and did not want to try anymore.
     - A tear ran down [small.his] cheek. "I am too stupid," said [small].
     - Then [small] did not say a word. [Hero] began to feel bad.`,
    `- [Hero] remembered how hard it had been for [hero.him] in the beginning. [Hero.He] had cried, too.
     - Then [hero] thought of the time when [hero.he] had learned it. It had taken weeks!
     - "I was not better when I began," thought [hero].
     - All at once [hero] remembered how it feels when somebody laughs.`,
    `- "I am sorry," said [hero] $softly. "Let us try again. [Skill.e]."
     - [Hero] sat down beside [small]. "I was too fast. [Skill.e]. We have a lot of time."
     - [Hero] took [small] by the hand. "[Skill.e]," [hero.he] said. "And it does not matter if it goes wrong."
     - "You can do it," said [hero]. "I will help you. [Skill.e]."`,
    `- They went on step by step, and [hero] did not shout anymore.
     - This time [hero] praised every little step.
     - They practiced every day. [Hero] was patient, and [small] was brave.
     - It went slowly, but it went better each time.`,
    `- And one day, [small] [skill.c]! Both of them jumped for joy.
     - $finally, [small] [skill.c]. "You are the best teacher in the world," said [small].
     - Then it happened: [small] [skill.c]. [Hero] was prouder than ever before.
     - "Look, look!" cried [small]. And really, [small.he] [skill.c].`,
  ],
  moral:
    'one learns best from somebody who is patient|it is nice to help others learn|one should not laugh at somebody who is learning|a good teacher needs patience',
  feelings: 'proud|happy|glad|like a real teacher',
  questions: `
    What did [small.full] want to learn? = [Small.full] wanted to learn how to [skill].
    Who was the teacher? = [Hero.full] was the teacher.
    What happened in the end? = [Small.full] [skill.c].`,
}

export const caterpillar: Plot = {
  name: 'waiting',
  hero: 'child',
  traits: 'curious|gentle|patient|quiet|thoughtful',
  cast: { helper: 'parent|grand|teacher' },
  place: 'out trees walk|out home trees|out home',
  rows: {
    small: [
      'a green caterpillar / eats leaves all day long / hung on a twig and did not move / a butterfly with blue wings / flew out of the window',
      'a brown egg / must be kept warm / lay there and did not move / a fluffy yellow chick / ran around and peeped',
      'a tadpole in a jar / needs fresh water / swam around and hid under a leaf / a tiny frog / hopped back to the pond',
      'a chestnut / wants to be in the earth / lay in a pot full of earth / a little chestnut tree / got two big leaves',
      'a striped caterpillar / likes fresh leaves best / spun a thread around itself and slept / a moth with silver wings / flew out into the garden',
      'an acorn / needs earth and water / lay in a pot by the window / a very small oak tree / was planted in the garden',
      'a bulb like an onion / sleeps all winter / was quiet in the dark earth / a red tulip / opened in the sun',
    ],
  },
  want: 'small',
  beats: [
    `- [Day], [hero] found [small] [place.in]. It was [place.spot].
     - [Day], [hero] was [place.in] when [hero.he] saw [small].
     - [Day], [helper] showed [hero] [small] [place.in]. "Take good care of it," said [helper].
     - [Day], [hero] looked [place.spot]. There was [small]!`,
    `- "What is it?" asked [hero]. "It [small.b]," said [helper]. "Wait and see what will happen."
     - [Helper] knew all about it. "It [small.b]," [helper.he] said.
     - [Hero] wanted to know more. "It [small.b]," said [helper], "and one day you will be surprised."
     - "Can I keep it for a while?" asked [hero]. "Yes," said [helper], "but remember: it [small.b]."`,
    `- [Hero] looked after it every day. But it only [small.c].
     - Every morning [hero] ran to look. It [small.c], and that was all.
     - Days went by. It [small.c]. "Nothing happens," said [hero].
     - [Hero] talked to it and gave it all it needed. It [small.c].`,
    `- "Is it ill?" asked [hero]. "No," said [helper]. "It is only getting ready."
     - "Can I help it?" asked [hero]. "You help it most when you wait," said [helper].
     - [Hero] was $sad. But [helper] said, "You must not hurry it. It knows what to do."
     - It is hard to wait. [Hero] wanted to touch it, but [hero.he] did not.`,
    some(
      0,
      1,
      `- [Hero] drew a picture of it every Sunday.
     - [Hero] counted the days on a sheet of paper.
     - When it rained, [hero] told it stories.
     - A friend came to look. "How boring!" the friend said. But [hero] shook [hero.his] head.`,
    ),
    `- Then, one morning, something was different. There was [small.d]!
     - And one day [hero] could not believe [hero.his] eyes. It had become [small.d]!
     - $finally, it happened. [Hero] saw [small.d].
     - "Come quickly!" cried [hero]. In the place where it had been was [small.d].`,
    `- It [small.e]. [Hero] watched for a long time.
     - [Hero] held [hero.his] breath. It [small.e].
     - "How beautiful you are!" whispered [hero]. Then it [small.e].
     - [Helper] came, too. Together they watched how it [small.e].`,
    maybe(
      0.6,
      `- "You see," said [helper], "it was worth the wait."
     - [Hero] told the whole class about it.
     - [Hero] will never forget that morning.`,
    ),
  ],
  moral:
    'some things need time|one has to wait for the most beautiful things|small things can become something wonderful|it is good to be patient',
  feelings: 'happy|proud|amazed|full of joy',
  questions: `
    What did [hero.full] find? = It was [small].
    What did it become? = It became [small.d].`,
}
